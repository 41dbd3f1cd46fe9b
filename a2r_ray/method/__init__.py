"""The method: stages that move cases on, and what a config compiles to. Pure: no Ray, no files."""
