/** Networks for other programs. */
export { type Comparison, compareLogits } from './compare.ts';
export { evaluated, PROOF_IMAGES, proofImages, roundingSlack } from './inputs.ts';
export { type Conversion, convert } from './integer/convert/convert.ts';
export { fold } from './integer/convert/fold.ts';
export { type Expected, expectedLogits } from './integer/expected.ts';
export { encodeProgram, isProgramFolder, readProgram, writeProgram } from './integer/files.ts';
export { nativeInstructionSets, openNative } from './integer/native.ts';
export { type OpenedProgram, openProgram, realLogits } from './integer/open.ts';
export type { IntegerProgram } from './integer/program.ts';
export { type IntegerProof, proveInteger } from './integer/prove.ts';
export { interpret } from './integer/reference/interpret.ts';
export { IR_VERSIONS, NEWEST_OPSET, type Opset } from './onnx/model.ts';
export { type Claim, type Proof, proveOnnx } from './onnx/prove.ts';
export { writeOnnx } from './onnx/write.ts';
export type { Operation, Program } from './program.ts';
export { loadStateDict, PLAIN_WEIGHTS, type StateDictFile, stateDict } from './pytorch/state-dict.ts';
export { traceNetwork } from './trace.ts';
