// The interpreter of integer programs for one instruction set: compiled once for each, as ../isa.cpp is.
#include "prepare.h"

#define NAME_OF(isa) #isa
#define NAME(isa) NAME_OF(isa)

namespace ISA {

extern const integer::Interpreter wholeNumbers;
const integer::Interpreter wholeNumbers = {NAME(ISA), whole::prepare, whole::run};

}  // namespace ISA
