"""Those who come to an on-sale: buyers, and the gate that scans what they bought."""
