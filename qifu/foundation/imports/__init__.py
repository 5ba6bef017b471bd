"""One importer for every list: a table file becomes rows of a register, and each row arrives or is reported.

A room declares an `ImportKind` (its columns and an action that writes a batch); the importer reads the file, proposes
which column is which, previews, runs as a job with progress, can be cancelled and resumed, and gives back what was
refused as a file with row number, column, reason and proposal.
"""
