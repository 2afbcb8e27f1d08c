"""How good a recogniser or an encoder is: protocols, figures, intervals, comparison."""
