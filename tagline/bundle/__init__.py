"""The sealed bundle: all that serving needs, named by its content, signed, without a pickle."""
