"""The report: how fast, how well and how much alike a project was labeled, as one page."""
