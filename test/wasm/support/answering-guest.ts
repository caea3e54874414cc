/** A module without WASI: `answer(size)` answers the prompt at 1024 and returns the size of the text at 8192. */
export const answeringGuest = `(module
  (import "wasi_ephemeral_nn" "load_by_name" (func $load (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "init_execution_context" (func $init (param i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "set_input" (func $set (param i32 i32 i32) (result i32)))
  (import "wasi_ephemeral_nn" "compute" (func $compute (param i32) (result i32)))
  (import "wasi_ephemeral_nn" "get_output" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "qwen")
  (data (i32.const 16) "\\01\\00\\00\\00")
  ;; A tensor at 32: dimensions at 16, u8, data at 1024.
  (data (i32.const 32) "\\10\\00\\00\\00\\01\\00\\00\\00\\03\\00\\00\\00\\00\\04\\00\\00")
  (func $check (param i32) (if (local.get 0) (then unreachable)))
  (func (export "answer") (param $size i32) (result i32)
    (call $check (call $load (i32.const 0) (i32.const 4) (i32.const 8)))
    (call $check (call $init (i32.load (i32.const 8)) (i32.const 12)))
    (i32.store (i32.const 48) (local.get $size))
    (call $check (call $set (i32.load (i32.const 12)) (i32.const 0) (i32.const 32)))
    (call $check (call $compute (i32.load (i32.const 12))))
    (call $check (call $get (i32.load (i32.const 12)) (i32.const 0) (i32.const 8192) (i32.const 8192) (i32.const 20)))
    (i32.load (i32.const 20))))`
