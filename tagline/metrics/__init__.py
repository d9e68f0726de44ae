"""Figures of labels and answers: arrays only."""
