"""Inventory, holds, and the terms of selling."""
