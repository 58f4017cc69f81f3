"""Files for other distributions than postmarketOS."""
