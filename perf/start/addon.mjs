import {loadAddon} from '../../dist/backend/engine/child/addon.js'

await loadAddon(false)
process.exit(0)
