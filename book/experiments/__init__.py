"""Modules that the chapters run: figures' style and experiments."""
