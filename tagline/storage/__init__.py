"""Where small named contents and big ones are kept: a folder or S3, with one contract."""
