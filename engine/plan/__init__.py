"""From the files of a plan folder to one typed, checked, hashed plan."""
