import {rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {Plugin} from '@oclif/core'

/**
 * Writes `oclif.manifest.json` from the built commands, as `oclif manifest` does. That tool would add some two hundred
 * packages.
 */
export async function writeManifest(root: string): Promise<void> {
  const file = path.join(root, 'oclif.manifest.json')
  rmSync(file, {force: true})
  const plugin = new Plugin({root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true})
  await plugin.load()
  plugin.manifest.commands = Object.fromEntries(
    Object.entries(plugin.manifest.commands).sort(([a], [b]) => a.localeCompare(b)),
  )
  writeFileSync(file, `${JSON.stringify({...plugin.manifest, version: plugin.version}, null, 2)}\n`)
}
