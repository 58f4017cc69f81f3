"""Flash plans: which image goes where, in which order. Nothing here touches a phone."""
