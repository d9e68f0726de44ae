"""`python -m tagline` is the command line."""

from tagline.cli import main

main()
