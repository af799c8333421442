"""One self-contained HTML page of an analysis."""
