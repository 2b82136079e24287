"""Stands in for SkyPortal's package: its folder's parent is the checkout."""
