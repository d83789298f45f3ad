"""The demonstration: FlexGym with four months of visits, played through the real till day by day, night by night."""
