module commy.dev/commy

go 1.24
