/* Every bound on what is read or written, in one place. Exceeding one is GBX_E_LIMIT, never a crash and never a pass. */
#ifndef GBX_BASE_LIMITS_H
#define GBX_BASE_LIMITS_H

#define GBX_LIMIT_RECORD (64u * 1024)            /* a frame: entry, salt and body together */
#define GBX_LIMIT_BODY (60u * 1024)              /* a body, so that its frame fits */
#define GBX_LIMIT_PB_DEPTH 8u                    /* messages within messages */
#define GBX_LIMIT_PATH 4096u                     /* a path in a manifest or record, the target of a link */
#define GBX_LIMIT_MANIFEST_ENTRY (8u * 1024)     /* one encoded ManifestEntry */
#define GBX_LIMIT_NOTE (64u * 1024)              /* a head note, proof or vkey */
#define GBX_NAME_MAX 255                         /* a key's name, an origin */
#define GBX_OWNER_MAX (GBX_NAME_MAX - 17)        /* an owner's name, so that name, '/' and 16 hex digits are an origin */
#define GBX_LIMIT_LOG_RECORD 1024u               /* a record of an owner log; its header is the longest */
#define GBX_LIMIT_MACHINE_ID 64u                 /* what a system file says is the machine */
#define GBX_MACHINE_MAX 255                      /* how an owner log names its machine */
#define GBX_LIMIT_NOTE_SIGNATURES 64u            /* signature lines of a note */
#define GBX_LIMIT_PROOF_HASHES 64u               /* an inclusion proof; a tree has at most 2^63 leaves */
#define GBX_LIMIT_JSON (4u * 1024 * 1024)        /* an OCI document or publication statement */
#define GBX_LIMIT_DSSE (GBX_LIMIT_JSON / 3 * 4 + 1024) /* an envelope around GBX_LIMIT_JSON bytes of payload; six times that memory */
#define GBX_DSSE_TYPE_MAX 127                    /* a payload type */
#define GBX_LIMIT_JSON_DEPTH 64u
#define GBX_LIMIT_JSON_VALUES 262144u            /* values of one document but a config; about 100 bytes of memory each */
#define GBX_LIMIT_REASON 1024u                   /* why a record is withheld */
#define GBX_LIMIT_INDEX_THREADS 8u               /* that read journals for the index of a store, beside the caller's own */
#define GBX_LIMIT_INDEX (64u * 1024)             /* oci-layout or index.json of a bundle */
#define GBX_LIMIT_CONFIG (16u * 1024 * 1024)     /* a config file that is parsed */
#define GBX_LIMIT_GUESSED_CONFIG (1024 * 1024)   /* a file that looks like a config by its name alone */
#define GBX_LIMIT_GUESSED_JSON (64 * 1024)       /* the same, where it may well be data */
#define GBX_LIMIT_FOUND_CONFIGS 256u             /* config files that a command names, or that a job wrote */
#define GBX_LIMIT_WRITTEN_FOLDERS 4096u          /* folders looked into for configs that a job wrote, and names in each */
#define GBX_LIMIT_CONFIG_VALUES (2u * 1024 * 1024) /* values of one config file, lists and maps too; 60 bytes of memory each */
#define GBX_LIMIT_CONFIG_ALIASES (64u * 1024 * 1024) /* anchors looked at for all aliases of a YAML file */
#define GBX_LIMIT_PARAMETERS 1000000u            /* parameters of one run */
#define GBX_LIMIT_PARAMETER_BYTES (4u * GBX_LIMIT_CONFIG) /* of all their names and values: deep names repeat their beginnings */
#define GBX_LIMIT_MACHINE_FILE (64u * 1024)       /* a file of /proc or /sys that says what the machine is */
#define GBX_LIMIT_MACHINE_NAMES 4096u            /* names in a folder of /sys */
#define GBX_LIMIT_LAYERS 16384u                  /* layers of a bundle */
#define GBX_LIMIT_KEPT (16u * 1024 * 1024)        /* of a bundle on a pipe that is needed more than once */
#define GBX_LIMIT_UNNAMED (64u * 1024 * 1024)     /* a layer that the statement does not name and that is read all the same */
#define GBX_LIMIT_TITLE 128u                     /* a layer's title */
#define GBX_LIMIT_TAR_PAX (64u * 1024)           /* a pax extended header */
#define GBX_LIMIT_TAR_TAIL (1024u * 1024)        /* zero blocks behind the end of a tar that another tool wrote */
#define GBX_LIMIT_UNSYNCED (4u * 1024 * 1024)     /* bodies of a stream that are kept in memory until they are synced */
#define GBX_LIMIT_RING (16u * 1024 * 1024)        /* the file of a ring of points */
#define GBX_LIMIT_METRIC_NAME 1024u              /* bytes */
#define GBX_LIMIT_DAMAGE (64u * 1024 * 1024)      /* of a journal, searched for intact records behind a bad one */
#define GBX_LIMIT_STREAMS 1000000u               /* streams of a run */
#define GBX_LIMIT_LISTED 10000u                  /* gaps, failures or other things that a report lists one by one */
#define GBX_LIMIT_LISTED_BYTES (2u * 1024 * 1024) /* of their texts together; what has none or is beyond it is counted */
#define GBX_LIMIT_REFERENCES 65536u              /* records of a bundle that name a layer or are named by others */
#define GBX_LIMIT_NAMES (4u * 1024 * 1024)       /* the names of a bundle's datasets and artifacts together */
#define GBX_LIMIT_TREE_ENTRIES 10000000u         /* git entries of one folder */
#define GBX_LIMIT_CODE_FILE (256u * 1024 * 1024) /* a tracked file that goes into a snapshot; it is held in memory */
#define GBX_LIMIT_UNTRACKED 100000u              /* files that are not tracked, of one repository */
#define GBX_UNTRACKED_ALL 50u                    /* all of them together: so many times the limit for one */
#define GBX_LIMIT_CODE_REPORT (8u * 1024 * 1024) /* what a capturing process tells of one snapshot */
#define GBX_LIMIT_ENVIRONMENT_FACT (GBX_LIMIT_BODY + 64) /* a message of a process that captures the environment */
#define GBX_LIMIT_ENVIRONMENT_FACTS 200000u      /* messages of one such process */
#define GBX_LIMIT_CHILD_MEMORY (512u * 1024 * 1024) /* of such a process */
#define GBX_LIMIT_GPUS 256u
#define GBX_LIMIT_GPU_PARTS 16u                  /* instances that one GPU is divided into */
#define GBX_LIMIT_VARIABLES 10000u               /* of the environment that are recorded, those with values first */
#define GBX_LIMIT_VARIABLE_NAME 1024u
#define GBX_LIMIT_PATTERNS (4u * 1024 * 1024)    /* a file of ignore patterns */
#define GBX_LIMIT_EXPORT_PIECE (64u * 1024)      /* of a file, from the process that reads the code */
#define GBX_LIMIT_EXPORT_CHUNK (GBX_LIMIT_EXPORT_PIECE + 1024) /* a message with one */
#define GBX_LIMIT_PATCH (64u * 1024 * 1024)      /* a patch of the code in one JSON document */
#define GBX_LIMIT_REMOTES 64u                    /* remotes of a repository that are recorded */
#define GBX_LIMIT_SETTINGS (256u * 1024)          /* glassbox.yml */
#define GBX_LIMIT_CONSOLE (16u * 1024)            /* of what a job printed, from its beginning and from its end each */
#define GBX_LIMIT_BUILD_ID 64u                   /* of an executable; 20 bytes as linkers make it */
#define GBX_LIMIT_SONAME 255u                    /* of a shared object */
#define GBX_LIMIT_ELF_HEADERS 512u               /* program headers of an executable */
#define GBX_LIMIT_ELF_PART (64u * 1024)          /* a segment of notes, the dynamic segment */
#define GBX_LIMIT_ELF_CHAIN 4096u                /* symbols of one hash */
#define GBX_LIMIT_PACKAGE_NAME 255u              /* a package's name, version or the like */
#define GBX_LIMIT_METADATA (64u * 1024)          /* the headers of a package's metadata; pyvenv.cfg, .pth and direct_url.json */
#define GBX_LIMIT_PACKAGE_LIST (64u * 1024 * 1024) /* the list of a package's files */
#define GBX_LIMIT_PACKAGES 100000u               /* names in a folder of packages */
#define GBX_LIMIT_PACKAGE_FOLDERS 256u           /* where one interpreter looks for packages */
#define GBX_LIMIT_PACKAGE_DATABASE (64u * 1024 * 1024) /* what dpkg says of all packages; an rpm header */
#define GBX_LIMIT_RPM_TAGS 65536u                /* entries of an rpm header; its lists may be as long as the header */
#define GBX_LIMIT_PROCESSES 1024u                /* of a job, that are looked at */
#define GBX_LIMIT_OBJECTS 10000u                 /* programs and shared objects of a job */
#define GBX_LIMIT_INTERPRETERS 64u               /* of a job */
#define GBX_LIMIT_EDITABLE 64u                   /* editable installs whose repositories are asked */
#define GBX_LIMIT_MAPS (16u * 1024 * 1024)       /* of a process's list of mappings */
#define GBX_LIMIT_PROCESS_TEXT (1024u * 1024)    /* its arguments, its environment */
#define GBX_LIMIT_SOFTWARE_REPORT (32u * 1024 * 1024) /* what is told at once of the software of a job */
#define GBX_LIMIT_KEY_FILE (64u * 1024)
#define GBX_LIMIT_PASSPHRASE 1023u               /* bytes; what the openssl program takes from a file */
#define GBX_LIMIT_DEPTH 256u                     /* folders within folders, when walking a tree of files */

#endif
