"""Many clips to landmarks: plan, workers here or on a cluster, outcomes; import and export."""
