#!/bin/sh
# Installs bubblewrap where a package manager and the rights are at hand; else says how.
say_how() {
    echo "Student code runs inside bubblewrap, which is not installed. Install it, for example:"
    echo "  Debian, Ubuntu:  sudo apt-get install bubblewrap"
    echo "  Fedora:          sudo dnf install bubblewrap"
    echo "  Arch:            sudo pacman -S bubblewrap"
    echo "It exists for Linux only; on Windows use WSL, on macOS a virtual machine."
    exit 1
}
if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
if command -v apt-get >/dev/null; then
    echo "Installing bubblewrap"
    $as_root apt-get install -y -q bubblewrap >/dev/null 2>&1 ||
        { $as_root apt-get update -q >/dev/null 2>&1 && $as_root apt-get install -y -q bubblewrap >/dev/null 2>&1; } ||
        say_how
else
    say_how
fi
