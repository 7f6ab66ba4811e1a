import Commy
print(Mesh.libraryVersion)
