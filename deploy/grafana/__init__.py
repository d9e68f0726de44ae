"""Grafana's dashboards, from code."""
