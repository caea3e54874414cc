import {loadAddon} from '../../dist/backend/engine/addon.js'

await loadAddon(false)
process.exit(0)
