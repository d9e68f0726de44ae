"""What can be done with runs: the operations that the command line, flows and servers share."""
