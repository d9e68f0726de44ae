"""The production line, one file a flow: `python flows/train.py run`."""
