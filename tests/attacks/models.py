"""All attack models: ALL[name]() gives its cases."""
from case import ALL, OWNER, remove, write
import models_bombs
import models_history
import models_layout
import models_nonsense
import models_once
import models_references
