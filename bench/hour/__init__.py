"""A campaign's hot hour, measured whole: `crowd` are the people, `journey` what they meet and how long it takes."""
