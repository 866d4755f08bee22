// All kernels for one instruction set. Compiled once for each, with -DISA=name -DVECTOR_BYTES=width and the
// flags of that instruction set; the namespace keeps the copies apart. addon.cpp picks a table at run time.
#include "attention.h"
#include "filter.h"
#include "heavy.h"
#include "light.h"
#include "peaks.h"

namespace ISA {

using namespace heavy;
using peaks::peak;
typedef void (*Kernel)(const double*);

extern const Kernel table[];
const Kernel table[] = {
#define KERNEL(name) name,
#include "kernels.def"
};

}  // namespace ISA
