"""MDReader as the proof: its documents' mistakes are caught, and changes of its templates are noticed."""
