"""The sections of the report, one file each: a function from a source to blocks, without markup."""
