"""Kinds of questions, one object each: labels, answers, metrics, decisions."""
