"""The back office of the till, the ledger and the programs. Django's autodiscovery imports this package."""
