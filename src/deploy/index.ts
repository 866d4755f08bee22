/** Networks for other programs. */
export { isPrefix } from './c/names.ts';
export { type CProof, proveC, type TargetProof } from './c/prove/prove.ts';
export { type CProgram, writeC } from './c/write.ts';
export { type Comparison, compareLogits } from './compare.ts';
export { evaluated, PROOF_IMAGES, proofImages, roundingSlack } from './inputs.ts';
export { type Conversion, type Converted, convert, converted } from './integer/convert/convert.ts';
export { fold } from './integer/convert/fold.ts';
export type { FoldedNetwork } from './integer/convert/folded-network.ts';
export { type Tuning, tuned } from './integer/convert/tuned.ts';
export { countOperations } from './integer/counts.ts';
export { type Expected, expectedLogits } from './integer/expected.ts';
export {
  encodeProgram,
  isProgramFolder,
  PROGRAM_FILE,
  readProgram,
  WEIGHTS_FILE,
  writeProgram,
} from './integer/files.ts';
export { nativeInstructionSets, openNative } from './integer/native.ts';
export { type OpenedProgram, openProgram, realLogits } from './integer/open.ts';
export type { IntegerProgram } from './integer/program.ts';
export { type IntegerProof, proveInteger } from './integer/prove.ts';
export { interpret } from './integer/reference/interpret.ts';
export { openWasm } from './integer/wasm.ts';
export { IR_VERSIONS, NEWEST_OPSET, type Opset } from './onnx/model.ts';
export { type Claim, type Proof, proveOnnx } from './onnx/prove.ts';
export { writeOnnx } from './onnx/write.ts';
export type { Operation, Program } from './program.ts';
export type { StateDictFile } from './pytorch/match.ts';
export { loadStateDict, PLAIN_WEIGHTS, stateDict } from './pytorch/state-dict.ts';
export { traceNetwork } from './trace.ts';
export { proveTranslatorOnnx, type TranslatorProof } from './translator/onnx/prove.ts';
export { type TranslatorFiles, writeTranslatorOnnx } from './translator/onnx/write.ts';
export { PROOF_PAIRS, proofBatches, translatorLogits } from './translator/pairs.ts';
export { loadTranslatorState, translatorState } from './translator/state-dict.ts';
export { plainConfig, translatorWeights } from './translator/weights.ts';
export { type VerilogFolder, verilogFolder } from './verilog/folder.ts';
export { gatesAccelerator } from './verilog/gates/accelerator.ts';
export { type LayerRun, simulate } from './verilog/simulate.ts';
export { SIMULATORS, type Simulator, toolMissing, toolVersion } from './verilog/tools.ts';
export { PAGE_FILE, writeWeb } from './web/write.ts';
