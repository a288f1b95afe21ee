"""Terraform's values: their form, what is checked of them, and what becomes of them in a plan and in a state."""
