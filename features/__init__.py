"""One module a case: how its raw tables become decisions, events and model inputs."""
