/* What the library has acknowledged, noted in the seam's log where the acknowledgement was given: the linker's --wrap leads here. */
#ifndef GBX_TEST_ACKS_H
#define GBX_TEST_ACKS_H

enum {
	ACK_JOB = 0,    /* the job is about to be started (seam.c) */
	ACK_PUT = 1,    /* a record was put: data is a struct ack_head whose size is the record's seq plus 1 */
	ACK_SYNCED = 2, /* a stream was synced: data is a struct ack_head */
	ACK_FILE = 3,   /* a file was replaced: path, data is its content */
	ACK_SAID = 4,   /* a line for a person: data */
};

struct ack_head {
	unsigned char stream[16];
	unsigned long long size;
};

#endif
