"""`python -m signpipe`."""

from signpipe.cli import main

if __name__ == "__main__":
    main()
