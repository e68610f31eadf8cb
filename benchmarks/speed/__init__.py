"""How fast the studio is for a labeler, beside Label Studio with the official example."""
