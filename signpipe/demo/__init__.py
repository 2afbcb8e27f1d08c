"""The whole pipeline on clips of drawn signers that come with the package."""
