"""What is changed in the pages that Label Studio sends to the browser, and how they are served."""
