"""The month's bulletin of linkage (联动通报): what it says, and how it looks as a sheet and as a paper."""
