"""Names that somebody else chose, of folders and files: which may be a student's, and how any is shown.

A name may hold characters that give a terminal orders, or turn the reading direction of a page.
"""

import re
import unicodedata

RULE = "rename it, with letters, digits, spaces and . , @ + ~ ( ) - _, 100 at most"
REFUSED = f"The folder's name has odd characters or is too long: {RULE}"
_PLAIN = re.compile(r"(?!\.+$)[\w.,@+~() -]{1,100}")


def is_plain(student: str) -> bool:
    """Whether no page and no terminal could take the name of a student's folder for an order."""
    # Accents that stand alone, as macOS writes them, and the vowel signs of Hindi or Thai belong to letters.
    letters = "".join(c for c in student if unicodedata.category(c) not in ("Mn", "Mc"))
    return len(student) <= 100 and bool(_PLAIN.fullmatch(letters))


def shown(student: str) -> str:
    """Return a student's name as it is shown: a plain one as it is, another spelt out, so that no two look the same."""
    return student if is_plain(student) else ascii(student)[1:-1]


def printable(text: str) -> str:
    """Return a file's name, or another text, without the characters that are not to be seen."""
    return "".join(c if c.isprintable() else "�" for c in text)


def columns(text: str) -> int:
    """Return how many columns a terminal gives to a text: two to a letter of Chinese, none to an accent that stands alone."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text if unicodedata.category(c) not in ("Mn", "Me"))
