"""Change the code in thousands of small ways, and count how many of them the tests notice."""
