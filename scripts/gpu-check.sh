#!/usr/bin/env bash
# Runs the conformance suites and wnn bench on a machine with a GPU, and writes their results into one JSON file.
# Exit codes: 0 passed; 2 wrong usage; 3 there is no GPU, or not every layer is on it; else the code of what failed.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: scripts/gpu-check.sh [--allow-cpu] [--output FILE] [--model MODEL.gguf] [-- flags of wnn bench]" >&2
  exit 2
}

allow_cpu=false
output=gpu-check.json
model=fixtures/models/tiny-qwen2-chat.gguf
while [ $# -gt 0 ]; do
  case "$1" in
    --allow-cpu) allow_cpu=true ;;
    --output | --model)
      [ $# -ge 2 ] || usage
      if [ "$1" = --output ]; then output=$2; else model=$2; fi
      shift
      ;;
    --)
      shift
      break
      ;;
    *) usage ;;
  esac
  shift
done

# Name, driver, memory and compute capability of each card; empty if there is none.
cards=$(nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader 2>/dev/null || true)
if [ -z "$cards" ]; then
  echo "gpu-check: no NVIDIA GPU was found (nvidia-smi lists none)." >&2
  if [ "$allow_cpu" = false ]; then
    echo "gpu-check: nothing was run. To try the check on the CPU, use --allow-cpu." >&2
    exit 3
  fi
fi

parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
tests=0
node bin/run.js test suites/conformance --reporter json --output "$parts/conformance.json" >&2 || tests=$?
bench=0
node bin/run.js bench "$model" --output "$parts/bench.json" "$@" >&2 || bench=$?

CARDS=$cards ALLOW_CPU=$allow_cpu TESTS=$tests BENCH=$bench node --input-type=module - "$parts" "$output" <<'NODE'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'

const [parts, output] = process.argv.slice(2)
const read = (name) => {
  const text = existsSync(`${parts}/${name}.json`) ? readFileSync(`${parts}/${name}.json`, 'utf8') : ''
  // A command that failed early has no result, only an exit code.
  return text === '' ? null : JSON.parse(text)
}
const {CARDS, ALLOW_CPU, TESTS, BENCH} = process.env
const bench = read('bench')
const engines = bench?.subjects.map(({engine}) => engine) ?? []
const offloaded = engines.length > 0 && engines.every(({gpu_layers, layers}) => gpu_layers === layers)
const cards = CARDS.split('\n').filter((line) => line !== '')
const exits = {conformance: Number(TESTS), bench: Number(BENCH)}
const result = {date: new Date().toISOString(), cards, offloaded, exits, conformance: read('conformance'), bench}
writeFileSync(output, `${JSON.stringify(result, null, 2)}\n`)
for (const {gpu_layers, layers, gpu} of engines) {
  console.error(`gpu-check: ${gpu_layers}/${layers} layers on ${gpu ?? 'the GPU: llama.cpp found none (docs/gpu.md)'}`)
}
console.error(`gpu-check: exit codes: conformance ${TESTS}, bench ${BENCH}. The results are in ${output}.`)
const missing = !offloaded && ALLOW_CPU === 'false' ? 3 : 0
process.exitCode = exits.conformance || exits.bench || missing
NODE
