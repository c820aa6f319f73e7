"""Every decoder, fed with anything: only the errors that it documents may come out."""
