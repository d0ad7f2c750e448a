"""An invented council: schools, people, pupils and two checks, made through the same API that everybody uses."""
