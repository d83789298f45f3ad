"""The front desk: one screen to find a client, build a check, take the money and hand over the receipt."""
