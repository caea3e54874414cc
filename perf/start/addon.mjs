// The argument is the path of the bundled module.
const {loadAddon} = await import(process.argv[2])
await loadAddon(false)
process.exit(0)
