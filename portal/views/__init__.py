"""One small file for each page or its family: read the form, ask the domain, show what came of it."""
