"""What is checked of each response beyond the drift checker."""
